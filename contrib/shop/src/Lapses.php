<?php
// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace OpenSiShop;

/**
 * What may befall a shop amid its work, for tests of those who send to it.
 *
 * Each new comment makes the shop pause once, at a place and for a time that are drawn
 * from a seed and the comment's number. And PHP may die of an order, right after it has
 * stored a comment.
 */
final class Lapses
{
    public const BEFORE_CHECK = 0;
    public const BEFORE_INSERT = 1;
    public const AFTER_INSERT = 2;

    /** @param string $pauses SEED:LEAST:MOST, the last two in milliseconds; or nothing */
    public function __construct(
        private readonly string $pauses,
        private readonly bool $isMortal,
    ) {
    }

    /** To be called at each of the places with every comment that is not stored yet. */
    public function pause(int $place, mixed $commentId): void
    {
        if ($this->pauses === '') {
            return;
        }
        [$seed, $least, $most] = explode(':', $this->pauses);
        mt_srand(crc32("$seed $commentId"));
        if (mt_rand(self::BEFORE_CHECK, self::AFTER_INSERT) === $place) {
            usleep(mt_rand((int) $least, (int) $most) * 1000);
        }
    }

    /** A comment on this order has just been stored. */
    public function mayDieOf(string $webOrderNumber): void
    {
        if (!$this->isMortal) {
            return;
        }
        if (str_starts_with($webOrderNumber, 'EXITS')) {
            exit;
        }
        if (str_starts_with($webOrderNumber, 'BREAKS')) {
            trigger_error('Out of luck', E_USER_ERROR);
        }
        if (str_starts_with($webOrderNumber, 'KILLED')) {
            posix_kill(getmypid(), SIGKILL);
        }
    }
}
