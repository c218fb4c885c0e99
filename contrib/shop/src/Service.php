<?php
// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace OpenSiShop;

/**
 * The operations of the web service, as PHP's SoapServer calls them.
 *
 * What is thrown here becomes the shop's own kind of fault (see endpoint.php).
 */
final class Service
{
    private const STORED = '1002';
    private const ALREADY_STORED = '2001';
    private const NO_SUCH_ORDER = '3002';

    private mixed $key = null;

    public function __construct(
        private readonly Settings $settings,
        private readonly Orders $orders,
        private readonly Comments $comments,
        private readonly Lapses $lapses,
    ) {
    }

    /** Called before the operation itself, if the request has the header of this name. */
    public function Header(?object $header): void
    {
        $this->key = $header->key ?? null;
    }

    public function getVersion(): array
    {
        $this->authenticate();
        return ['Version' => '1.0.0'];
    }

    public function getDatetime(): array
    {
        $this->authenticate();
        return ['Datetime' => date('Y-m-d H:i:s')];
    }

    public function setComments(object $request): array
    {
        $this->authenticate();
        $this->checkWebsite($request->Website_Code ?? null);
        // One comment is no array, and none is null: shops take null for a comment
        // without an order, and say so in a result.
        $comments = $request->Comment ?? null;
        $results = [];
        foreach (is_array($comments) ? $comments : [$comments] as $comment) {
            $results[] = $this->setComment($comment ?? (object) []);
        }
        $this->comments->flush();
        return ['return' => array_values(array_filter($results))];
    }

    /** Null: the order takes no comments, and the answer says nothing of it. */
    private function setComment(object $comment): ?array
    {
        $order = (string) ($comment->WebOrderNumber ?? '');
        if (!$this->orders->exists($order)) {
            $words = "There is no order \"$order\".";
            return self::result($order, self::NO_SUCH_ORDER, $words);
        }
        if (!$this->orders->takesComments($order)) {
            return null;
        }
        if (!$this->comments->add($comment)) {
            $words = "Comment {$comment->CommentId} has been stored before.";
            return self::result($order, self::ALREADY_STORED, $words);
        }
        $this->lapses->mayDieOf($order);
        return self::result($order, self::STORED, null);
    }

    private static function result(string $key, string $code, ?string $words): array
    {
        return ['Key' => $key, 'Code' => $code, 'Message' => $words];
    }

    private function authenticate(): void
    {
        if (!is_string($this->key) || !hash_equals($this->settings->key, $this->key)) {
            throw new Refusal("Authentification failed: this is not the shop's key.");
        }
    }

    private function checkWebsite(mixed $code): void
    {
        if ($code !== $this->settings->website) {
            $given = is_string($code) ? $code : '';
            throw new Refusal("There is no shop of the code website \"$given\".");
        }
    }
}
