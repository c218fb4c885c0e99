<?php
// SPDX-License-Identifier: MIT
//
// A page with the comments that the shop has stored, the latest first. It asks for no
// password: whoever puts it on a public server puts a lock before it.

declare(strict_types=1);

use OpenSiShop\Comments;
use OpenSiShop\Settings;

require_once __DIR__ . '/src/load.php';

const SHOWN = 200;

function html(mixed $value): string
{
    return htmlspecialchars((string) $value, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5);
}

function yesNo(mixed $value): string
{
    return $value ? 'yes' : 'no';
}

header("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'");
$comments = Comments::stored(Settings::fromEnvironment()->database);
?>
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Order comments</title>
<style>
    body { font: 1rem/1.4 system-ui, sans-serif; margin: 2rem }
    table { border-collapse: collapse }
    th, td { border-bottom: 1px solid #ccc; padding: .3rem .6rem; text-align: left }
    td { vertical-align: top; white-space: pre-wrap }
</style>
<h1>Order comments</h1>
<p>Stored: <?= count($comments) ?>. Shown: the latest <?= SHOWN ?> at most.</p>
<table>
    <tr>
        <th>Comment<th>Web order<th>Order<th>Date<th>Mail<th>Visible<th>Text<th>Stored at
<?php foreach (array_slice(array_reverse($comments), 0, SHOWN) as $comment) : ?>
    <tr>
        <td><?= html($comment['comment_id']) ?></td>
        <td><?= html($comment['web_order_number']) ?></td>
        <td><?= html($comment['order_number']) ?></td>
        <td><?= html($comment['comment_date']) ?></td>
        <td><?= yesNo($comment['send_mail']) ?></td>
        <td><?= yesNo($comment['visible_for_customer']) ?></td>
        <td><?= html($comment['text']) ?></td>
        <td><?= html($comment['stored_at']) ?></td>
<?php endforeach ?>
</table>
