<?php

declare(strict_types=1);

namespace Posapp;

use Bitrix\Main\Application;
use Bitrix\Main\Event;
use Bitrix\Main\Loader;
use Bitrix\Main\Web\HttpClient;
use Bitrix\Sale\Order;

/**
 * Отправляет заказ кассе, когда он получает нужный статус.
 *
 * Статус сохраняется сразу, заказ ждёт отправки в своей таблице: кассы или сети может не быть. Отправляет агент, раз в
 * минуту; повтор безопасен, у заказа один чек.
 */
final class Pusher
{
    private const AGENT = '\\Posapp\\Pusher::agent();';
    private const AT_ONCE = 20;

    /** Обработчик OnSaleStatusOrderChange (через EventManager::addEventHandler: он передаёт Event). */
    public static function onStatus(Event $event): void
    {
        $order = $event->getParameter('ENTITY');
        $status = (string) $event->getParameter('VALUE');
        if ($order instanceof Order && $status === Settings::load()->pushStatus && (int) $order->getId() > 0) {
            self::queue((int) $order->getId());
        }
    }

    /** Заказ ждёт отправки. Уже отправленный отправится снова: касса ответит, что чек его уже знает. */
    public static function queue(int $orderId): void
    {
        Tables::create();
        $db = Application::getConnection();
        $db->queryExecute("DELETE FROM posapp_push WHERE order_id = $orderId");
        $db->queryExecute(
            "INSERT INTO posapp_push (order_id, state, tries, next_at, answer) VALUES ($orderId, 'waits', 0, 0, '')"
        );
    }

    /** Агент: отправляет, что пора. Возвращает себя, чтобы его позвали снова. */
    public static function agent(): string
    {
        if (Loader::includeModule('sale')) {
            Tables::create();
            $now = time();
            $rows = Application::getConnection()->query(
                "SELECT * FROM posapp_push WHERE state = 'waits' AND next_at <= $now ORDER BY next_at LIMIT " . self::AT_ONCE
            );
            foreach ($rows->fetchAll() as $row) {
                self::send((int) $row['order_id'], (int) $row['tries']);
            }
        }

        return self::AGENT;
    }

    private static function send(int $orderId, int $tries): void
    {
        $order = Order::load($orderId);
        if ($order === null) {
            self::note($orderId, 'left', $tries + 1, 0, 'заказа нет');

            return;
        }
        $settings = Settings::load();
        $body = json_encode(
            OrderPush::of($order, $settings->cashPaySystems, $settings->deliveryVat),
            JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR
        );
        $client = new HttpClient(['socketTimeout' => 5, 'streamTimeout' => 15, 'redirect' => false]);
        $client->setHeader('Content-Type', 'application/json');
        foreach (Signature::headers($settings->secrets[0], $body) as $name => $value) {
            $client->setHeader($name, $value);
        }
        $answer = (string) $client->post($settings->gateway, $body);
        $status = (int) $client->getStatus();
        $decoded = json_decode($answer, true);
        $said = is_array($decoded) ? (string) ($decoded['status'] ?? $decoded['code'] ?? '') : '';
        if ($status === 200 && in_array($said, ['accepted', 'duplicate'], true)) {
            self::note($orderId, 'sent', $tries + 1, 0, $said);
        } elseif (in_array($status, [409, 413, 422], true) && $said !== 'replayed') {
            // Здесь поможет только человек: текст ответа стоит в журнале событий и в таблице.
            self::note($orderId, 'left', $tries + 1, 0, $answer);
            \CEventLog::Add([
                'SEVERITY' => 'WARNING',
                'AUDIT_TYPE_ID' => 'POSAPP_PUSH',
                'MODULE_ID' => 'sale',
                'ITEM_ID' => (string) $orderId,
                'DESCRIPTION' => "Касса не приняла заказ $orderId: $answer",
            ]);
        } else {
            self::note($orderId, 'waits', $tries + 1, time() + min(60 * 2 ** min($tries, 6), 3600), "HTTP $status");
        }
    }

    private static function note(int $orderId, string $state, int $tries, int $nextAt, string $answer): void
    {
        $db = Application::getConnection();
        $answer = $db->getSqlHelper()->forSql(mb_substr($answer, 0, 500));
        $db->queryExecute(
            "UPDATE posapp_push SET state = '$state', tries = $tries, next_at = $nextAt, answer = '$answer'"
            . " WHERE order_id = $orderId"
        );
    }
}
