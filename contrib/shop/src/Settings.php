<?php
// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace OpenSiShop;

use RuntimeException;

/** What the environment says about this shop. */
final class Settings
{
    private const WSDL = __DIR__ . '/../../../xsd/setComments.wsdl';

    private function __construct(
        public readonly string $key,
        public readonly string $website,
        public readonly string $database,
        public readonly string $wsdl,
        public readonly ?string $orders,
        public readonly int $pauseMs,
        public readonly bool $racy,
        public readonly string $lapses,
        public readonly bool $deaths,
    ) {
    }

    public static function fromEnvironment(): self
    {
        return new self(
            key: self::key(),
            website: self::required('SHOP_WEBSITE'),
            database: self::required('SHOP_DB'),
            wsdl: self::optional('SHOP_WSDL') ?? self::WSDL,
            orders: self::optional('SHOP_ORDERS'),
            pauseMs: (int) self::optional('SHOP_PAUSE_MS'),
            racy: (bool) self::optional('SHOP_RACY'),
            lapses: self::optional('SHOP_LAPSES') ?? '',
            deaths: (bool) self::optional('SHOP_DEATHS'),
        );
    }

    private static function key(): string
    {
        return self::optional('SHOP_KEY')
            ?? md5(self::required('SHOP_LOGIN') . '-' . self::required('SHOP_PASSWORD'));
    }

    private static function optional(string $name): ?string
    {
        $value = getenv($name);
        return $value === false || $value === '' ? null : $value;
    }

    private static function required(string $name): string
    {
        return self::optional($name) ?? throw new RuntimeException("$name is not set");
    }
}
