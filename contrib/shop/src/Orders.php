<?php
// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace OpenSiShop;

/**
 * Which orders the shop knows, and which of them take comments.
 *
 * A stand-in: a shop with an order database answers both questions from there.
 */
final class Orders
{
    /** @var array<string, int>|null the orders there are; null: all */
    private readonly ?array $known;

    public function __construct(?string $listFile)
    {
        $this->known = $listFile === null
            ? null
            : array_flip(file($listFile, FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES));
    }

    public function exists(string $webOrderNumber): bool
    {
        if ($webOrderNumber === '' || str_starts_with($webOrderNumber, 'UNKNOWN')) {
            return false;
        }
        return $this->known === null || isset($this->known[$webOrderNumber]);
    }

    public function takesComments(string $webOrderNumber): bool
    {
        return !str_starts_with($webOrderNumber, 'SILENT');
    }
}
