#!/usr/bin/env php
<?php
// SPDX-License-Identifier: MIT
//
// Drops one comment into the gateway's incoming/ folder. All values are UTF-8.

declare(strict_types=1);

const USAGE = <<<'TEXT'
    usage: drop-comment.php INCOMING ORDER WEBORDER COMMENTID DATE SENDMAIL VISIBLE [TEXT]
    without TEXT, the text is read from standard input

    TEXT;

const EX_USAGE = 64;
const EX_DATAERR = 65;
const EX_CANTCREAT = 73;

// All that XML 1.0 can write; as it is matched with /u, it must be UTF-8 too.
const WRITABLE = '/\A[\t\n\r\x{20}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]*+\z/u';

function document(array $fields): string
{
    $xml = new XMLWriter();
    $xml->openMemory();
    $xml->setIndent(true);
    $xml->startDocument('1.0', 'UTF-8');
    $xml->startElementNs('open', 'Comment', 'http://www.opensi.fr');
    $xml->writeAttribute('xmlns:xsd', 'http://www.opensi.fr/xsd');
    foreach ($fields as $name => $value) {
        if (preg_match(WRITABLE, $value) !== 1) {
            throw new InvalidArgumentException(
                "$name has control characters or is not UTF-8"
            );
        }
        $xml->writeElementNs('xsd', $name, null, $value);
    }
    $xml->endElement();
    $xml->endDocument();
    return $xml->outputMemory();
}

function drop(string $incoming, string $content): void
{
    $name = 'comment-' . gmdate('Ymd\THis\Z') . '-' . bin2hex(random_bytes(8)) . '.xml';
    // Hidden, and in the same folder: the gateway overlooks it, and the last step is a
    // rename.
    $aside = "$incoming/.$name.tmp";
    try {
        $file = fopen($aside, 'xb');
        // Whatever the umask: the gateway is another user, and reads the file as a
        // member of the folder's group.
        chmod($aside, 0640);
        if (fwrite($file, $content) !== strlen($content) || !fsync($file)) {
            throw new RuntimeException("cannot write $aside");
        }
        fclose($file);
        rename($aside, "$incoming/$name");
    } catch (Exception $trouble) {
        if (isset($file)) {
            unlink($aside);
        }
        throw $trouble;
    }
    fsync(fopen($incoming, 'r'));
}

function main(array $arguments): int
{
    if (!in_array(count($arguments), [7, 8], true)) {
        fwrite(STDERR, USAGE);
        return EX_USAGE;
    }
    [$incoming, $order, $webOrder, $id, $date, $mail, $visible] = $arguments;
    try {
        drop($incoming, document([
            'OrderNumber' => $order,
            'WebOrderNumber' => $webOrder,
            'CommentId' => $id,
            'Comment' => $arguments[7] ?? stream_get_contents(STDIN),
            'CommentDate' => $date,
            'SendMail' => $mail,
            'VisibleForCustomer' => $visible,
        ]));
    } catch (InvalidArgumentException $trouble) {
        fwrite(STDERR, "drop-comment.php: {$trouble->getMessage()}\n");
        return EX_DATAERR;
    } catch (Exception $trouble) {
        fwrite(STDERR, "drop-comment.php: {$trouble->getMessage()}\n");
        return EX_CANTCREAT;
    }
    return 0;
}

// PHP only warns when a file cannot be written: here every warning is a failure.
set_error_handler(function (int $level, string $message): never {
    throw new RuntimeException($message);
});

exit(main(array_slice($argv, 1)));
