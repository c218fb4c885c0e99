<?php
// SPDX-License-Identifier: MIT

declare(strict_types=1);

spl_autoload_register(function (string $class): void {
    [$namespace, $name] = explode('\\', $class) + [1 => ''];
    if ($namespace === 'OpenSiShop') {
        require __DIR__ . "/$name.php";
    }
});
