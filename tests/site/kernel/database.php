<?php

/** A database for the stand-in kernel: SQLite by its own library, because PHP's extension is not everywhere. */

declare(strict_types=1);

namespace Bitrix\Main\DB;

final class SqlQueryException extends \Exception
{
}

final class Rows
{
    /** @param list<array<string, string|null>> $rows */
    public function __construct(private array $rows)
    {
    }

    /** @return array<string, string|null>|false */
    public function fetch(): array|false
    {
        return array_shift($this->rows) ?? false;
    }

    /** @return list<array<string, string|null>> */
    public function fetchAll(): array
    {
        return $this->rows;
    }
}

final class SqlHelper
{
    public function forSql(string $text): string
    {
        return str_replace("'", "''", $text);
    }
}

final class Connection
{
    private \FFI $library;
    private \FFI\CData $database;

    public function __construct(string $file)
    {
        $this->library = \FFI::cdef(
            'int sqlite3_open(const char *name, void **db);'
            . 'int sqlite3_busy_timeout(void *db, int ms);'
            . 'int sqlite3_get_table(void *db, const char *sql, char ***table, int *rows, int *columns, char **error);'
            . 'void sqlite3_free_table(char **table);',
            'libsqlite3.so.0'
        );
        $this->database = $this->library->new('void *');
        $this->library->sqlite3_open($file, \FFI::addr($this->database));
        $this->library->sqlite3_busy_timeout($this->database, 10000);
    }

    public function query(string $sql): Rows
    {
        $table = $this->library->new('char **');
        $error = $this->library->new('char *');
        $rows = $this->library->new('int');
        $columns = $this->library->new('int');
        $code = $this->library->sqlite3_get_table(
            $this->database,
            $sql,
            \FFI::addr($table),
            \FFI::addr($rows),
            \FFI::addr($columns),
            \FFI::addr($error)
        );
        if ($code !== 0) {
            throw new SqlQueryException(\FFI::isNull($error) ? 'sqlite ' . $code : \FFI::string($error));
        }
        $width = $columns->cdata;
        $found = [];
        for ($row = 1; $row <= $rows->cdata; $row++) {
            $one = [];
            for ($column = 0; $column < $width; $column++) {
                $cell = $table[$row * $width + $column];
                $one[\FFI::string($table[$column])] = $cell === null || \FFI::isNull($cell) ? null : \FFI::string($cell);
            }
            $found[] = $one;
        }
        $this->library->sqlite3_free_table($table);

        return new Rows($found);
    }

    public function queryExecute(string $sql): void
    {
        $this->query($sql);
    }

    public function getSqlHelper(): SqlHelper
    {
        return new SqlHelper();
    }

    public function startTransaction(): void
    {
        $this->query('BEGIN IMMEDIATE');
    }

    public function commitTransaction(): void
    {
        $this->query('COMMIT');
    }

    public function rollbackTransaction(): void
    {
        $this->query('ROLLBACK');
    }
}
