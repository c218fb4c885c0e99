<?php
// SPDX-License-Identifier: MIT
//
// For PHP's built-in web server: every address is the endpoint, but for the page that
// lists the comments.

declare(strict_types=1);

require $_SERVER['REQUEST_METHOD'] === 'GET' && $_SERVER['SCRIPT_NAME'] === '/comments'
    ? __DIR__ . '/comments.php'
    : __DIR__ . '/endpoint.php';
