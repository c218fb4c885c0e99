<?php
// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace OpenSiShop;

use PDO;
use PDOException;

/**
 * The comments that the shop has stored, in SQLite.
 *
 * A CommentId is stored once: the check and the insert are one transaction, and a unique
 * index stands behind it. A racy shop has neither, as is usual among real ones: two
 * requests at the same moment may both find nothing and both insert.
 */
final class Comments
{
    private const PATIENCE_S = 30;

    private const TABLE = <<<'SQL'
        CREATE TABLE IF NOT EXISTS comment (
            comment_id INTEGER NOT NULL,
            order_number TEXT NOT NULL,
            web_order_number TEXT NOT NULL,
            text TEXT NOT NULL,
            comment_date TEXT NOT NULL,
            send_mail INTEGER NOT NULL,
            visible_for_customer INTEGER NOT NULL,
            stored_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        )
        SQL;

    private const INSERT = <<<'SQL'
        INSERT INTO comment (comment_id, order_number, web_order_number, text,
            comment_date, send_mail, visible_for_customer) VALUES (?, ?, ?, ?, ?, ?, ?)
        SQL;

    // In WAL mode this one writes, though nothing changes, and thus flushes all before it.
    private const FLUSH = <<<'SQL'
        PRAGMA synchronous = FULL;
        BEGIN IMMEDIATE;
        PRAGMA user_version = 1;
        COMMIT;
        PRAGMA synchronous = NORMAL
        SQL;

    private readonly PDO $db;
    private bool $isFlushed = true;

    public function __construct(
        string $database,
        private readonly bool $racy = false,
        private readonly int $pauseMs = 0,
        private readonly ?Lapses $lapses = null,
    ) {
        $this->db = self::open($database);
        $this->db->exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
        $this->db->exec(self::TABLE);
        $this->db->exec(
            $racy
                ? 'DROP INDEX IF EXISTS one_per_id'
                : 'CREATE UNIQUE INDEX IF NOT EXISTS one_per_id ON comment (comment_id)'
        );
    }

    /** @return list<array<string, mixed>> all comments, in the order of their storing */
    public static function stored(string $database): array
    {
        $db = self::open($database);
        $tables = $db->query("SELECT 1 FROM sqlite_master WHERE name = 'comment'");
        if ($tables->fetch() === false) {
            return [];
        }
        $comments = $db->query('SELECT * FROM comment ORDER BY rowid');
        return $comments->fetchAll(PDO::FETCH_ASSOC);
    }

    /** False: a comment of this number is stored already, and nothing was written. */
    public function add(object $comment): bool
    {
        $this->isFlushed = false;
        if ($this->racy) {
            return $this->insertIfNew($comment);
        }
        $this->db->exec('BEGIN IMMEDIATE');
        try {
            $isNew = $this->insertIfNew($comment);
            $this->db->exec('COMMIT');
            return $isNew;
        } catch (PDOException $trouble) {
            $this->db->exec('ROLLBACK');
            throw $trouble;
        }
    }

    /**
     * To be called before anybody is told what add() said: then it is on disk, whoever
     * stored it. One flush for many comments, for it costs more than all else.
     */
    public function flush(): void
    {
        if (!$this->isFlushed) {
            $this->db->exec(self::FLUSH);
            $this->isFlushed = true;
        }
    }

    private static function open(string $database): PDO
    {
        $options = [PDO::ATTR_TIMEOUT => self::PATIENCE_S];
        return new PDO("sqlite:$database", options: $options);
    }

    private function insertIfNew(object $comment): bool
    {
        $id = $comment->CommentId ?? null;
        if ($this->lapses !== null && !$this->isStored($id)) {
            $this->lapses->pause(Lapses::BEFORE_CHECK, $id);
        }
        if ($this->isStored($id)) {
            return false;
        }
        $this->lapses?->pause(Lapses::BEFORE_INSERT, $id);
        usleep($this->pauseMs * 1000);
        $this->db->prepare(self::INSERT)->execute([
            $id,
            (string) ($comment->OrderNumber ?? ''),
            (string) ($comment->WebOrderNumber ?? ''),
            (string) ($comment->Comment ?? ''),
            (string) ($comment->CommentDate ?? ''),
            (int) (bool) ($comment->SendMail ?? false),
            (int) (bool) ($comment->VisibleForCustomer ?? false),
        ]);
        $this->lapses?->pause(Lapses::AFTER_INSERT, $id);
        return true;
    }

    private function isStored(mixed $id): bool
    {
        $known = $this->db->prepare('SELECT 1 FROM comment WHERE comment_id = ?');
        $known->execute([$id]);
        return $known->fetch() !== false;
    }
}
