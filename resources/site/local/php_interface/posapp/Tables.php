<?php

declare(strict_types=1);

namespace Posapp;

use Bitrix\Main\Application;

/**
 * Две свои таблицы: что ждёт отправки в кассу и какие чеки уже записаны.
 *
 * Номер чека (receipt_uuid) и nonce уникальны в базе, а не в программе: два одновременных запроса не запишут чек дважды.
 */
final class Tables
{
    public static function create(): void
    {
        $db = Application::getConnection();
        $db->queryExecute(
            'CREATE TABLE IF NOT EXISTS posapp_push (order_id BIGINT NOT NULL PRIMARY KEY, state VARCHAR(16) NOT NULL,'
            . ' tries INT NOT NULL, next_at BIGINT NOT NULL, answer VARCHAR(500) NOT NULL)'
        );
        $db->queryExecute(
            'CREATE TABLE IF NOT EXISTS posapp_receipt (receipt_uuid VARCHAR(36) NOT NULL PRIMARY KEY,'
            . ' order_id BIGINT NOT NULL, payment_id BIGINT NOT NULL, document_number BIGINT NOT NULL,'
            . ' written_at BIGINT NOT NULL)'
        );
        $db->queryExecute(
            'CREATE TABLE IF NOT EXISTS posapp_nonce (nonce VARCHAR(32) NOT NULL PRIMARY KEY, at BIGINT NOT NULL)'
        );
    }

    /** Впервые ли этот nonce; с этого мгновения он использован. */
    public static function isNew(string $nonce, int $now): bool
    {
        $db = Application::getConnection();
        $db->queryExecute('DELETE FROM posapp_nonce WHERE at < ' . ($now - 3 * Signature::WINDOW_S));
        $helper = $db->getSqlHelper();
        try {
            $db->queryExecute("INSERT INTO posapp_nonce (nonce, at) VALUES ('" . $helper->forSql($nonce) . "', $now)");
        } catch (\Bitrix\Main\DB\SqlQueryException $error) {
            return false;
        }

        return true;
    }

    /** @return array{receipt_uuid: string, order_id: string, payment_id: string}|null чек по номеру */
    public static function receipt(string $uuid): ?array
    {
        $db = Application::getConnection();
        $uuid = $db->getSqlHelper()->forSql($uuid);

        return $db->query("SELECT * FROM posapp_receipt WHERE receipt_uuid = '$uuid'")->fetch() ?: null;
    }

    /** @return array{receipt_uuid: string}|null чек этой оплаты */
    public static function receiptOfPayment(int $paymentId): ?array
    {
        $db = Application::getConnection();

        return $db->query("SELECT * FROM posapp_receipt WHERE payment_id = $paymentId")->fetch() ?: null;
    }

    /** @throws \Bitrix\Main\DB\SqlQueryException такой чек уже записан */
    public static function addReceipt(string $uuid, int $orderId, int $paymentId, int $document, int $now): void
    {
        $db = Application::getConnection();
        $uuid = $db->getSqlHelper()->forSql($uuid);
        $db->queryExecute(
            'INSERT INTO posapp_receipt (receipt_uuid, order_id, payment_id, document_number, written_at)'
            . " VALUES ('$uuid', $orderId, $paymentId, $document, $now)"
        );
    }
}
