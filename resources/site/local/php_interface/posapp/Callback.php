<?php

declare(strict_types=1);

namespace Posapp;

use Bitrix\Main\Application;
use Bitrix\Main\Result;
use Bitrix\Main\Type\Date;
use Bitrix\Main\Type\DateTime;
use Bitrix\Sale\Order;
use Bitrix\Sale\Payment;

/**
 * Что касса сообщает о чеке: оплата отмечена, реквизиты чека стоят в её полях, статус сменён. Ровно один раз.
 *
 * Ответы: 200 applied | duplicate; 401 нет доказательства; 404 заказа нет; 409 другой чек, другая сумма, оплата печатает
 * сама; 422 не читается или Битрикс не сохраняет. EXTERNAL_PAYMENT не трогается: это признак обмена с 1С (N, Y, F).
 */
final class Callback
{
    public const BODY_MAX = 65536;

    public function __construct(private readonly Settings $settings, private readonly int $now)
    {
    }

    /**
     * @param array<string, string> $seal timestamp, nonce, signature
     *
     * @return array{0: int, 1: array<string, string>} HTTP-статус и тело ответа
     */
    public function answer(array $seal, string $body): array
    {
        $genuine = strlen($body) <= self::BODY_MAX && Signature::isGenuine(
            $this->settings->secrets,
            $seal['timestamp'],
            $seal['nonce'],
            $seal['signature'],
            $body,
            $this->now
        );
        if (!$genuine) {
            return [401, ['code' => 'signature']];
        }
        Tables::create();
        if (!Tables::isNew($seal['nonce'], $this->now)) {
            return [401, ['code' => 'replayed']];
        }
        $told = json_decode($body, true, 16, JSON_BIGINT_AS_STRING);
        if (!is_array($told) || !is_string($told['receipt_uuid'] ?? null) || !is_int($told['order_id'] ?? null)) {
            return [422, ['code' => 'unreadable', 'message' => 'нет receipt_uuid или order_id']];
        }
        $order = Order::load($told['order_id']);
        if ($order === null) {
            return [404, ['code' => 'unknown_order']];
        }

        return match ($told['event'] ?? '') {
            'receipt.created' => $this->created($order, $told),
            'receipt.failed' => $this->failed($order, $told),
            default => [422, ['code' => 'unknown_event']],
        };
    }

    /**
     * @param array<string, mixed> $told
     *
     * @return array{0: int, 1: array<string, string>}
     */
    private function created(Order $order, array $told): array
    {
        $known = Tables::receipt($told['receipt_uuid']);
        if ($known !== null) {
            return (int) $known['order_id'] === (int) $order->getId()
                ? [200, ['status' => 'duplicate']]
                : [409, ['code' => 'other_order']];
        }
        $payment = $this->payment($order, $told['payment_id'] ?? null);
        if ($payment === null) {
            return [409, ['code' => 'payment', 'message' => 'непонятно, какую оплату отмечает чек']];
        }
        if (abs((float) $payment->getSum() - (float) ($told['total'] ?? 0)) >= 0.005) {
            return [409, ['code' => 'sum', 'message' => 'сумма оплаты и чека различаются']];
        }
        if (Tables::receiptOfPayment((int) $payment->getId()) !== null) {
            return [409, ['code' => 'other_receipt', 'message' => 'у оплаты уже другой чек']];
        }
        $service = $payment->getPaySystem();
        if (!$payment->isPaid() && $service !== null && $service->getField('CAN_PRINT_CHECK') === 'Y') {
            return [409, ['code' => 'prints', 'message' => 'платёжная система напечатала бы второй чек: снимите «Печать чеков»']];
        }

        return $this->write($order, $payment, $told);
    }

    /**
     * @param array<string, mixed> $told
     *
     * @return array{0: int, 1: array<string, string>}
     */
    private function write(Order $order, Payment $payment, array $told): array
    {
        $fiscal = is_array($told['fiscal'] ?? null) ? $told['fiscal'] : [];
        $document = (int) ($fiscal['fd'] ?? 0);
        $db = Application::getConnection();
        $db->startTransaction();
        try {
            Tables::addReceipt(
                $told['receipt_uuid'],
                (int) $order->getId(),
                (int) $payment->getId(),
                $document,
                $this->now
            );
            $errors = [];
            foreach ($this->marks($told, $fiscal, $document) as $name => $value) {
                $errors[] = $payment->setField($name, $value);
            }
            $errors[] = $payment->setPaid('Y');
            $final = $this->settings->finalStatus;
            if ($final !== '' && $order->isPaid() && $order->getField('STATUS_ID') !== $final) {
                $errors[] = $order->setField('STATUS_ID', $final);
            }
            $errors[] = $order->save();
            $text = self::errors($errors);
            if ($text !== '') {
                $db->rollbackTransaction();

                return [422, ['code' => 'not_saved', 'message' => $text]];
            }
            $db->commitTransaction();
        } catch (\Throwable $error) {
            $db->rollbackTransaction();
            throw $error;
        }

        return [200, ['status' => 'applied']];
    }

    /**
     * @param array<string, mixed> $told
     * @param array<string, mixed> $fiscal
     *
     * @return array<string, mixed> поля оплаты
     */
    private function marks(array $told, array $fiscal, int $document): array
    {
        $at = \DateTime::createFromFormat(\DateTimeInterface::ATOM, (string) ($fiscal['at'] ?? '')) ?: null;
        $line = sprintf(
            'fn=%s;fd=%d;fp=%s;rn=%s;sh=%s;t=%s',
            $fiscal['fn'] ?? '',
            $document,
            $fiscal['fp'] ?? '',
            $fiscal['kkt_reg'] ?? '',
            $fiscal['shift'] ?? '',
            $at === null ? '' : $at->format('Ymd\THi')
        );
        $fields = [
            'PS_STATUS' => 'Y',
            'PS_STATUS_CODE' => 'FISCAL_OK',
            'PS_STATUS_DESCRIPTION' => mb_substr($line, 0, 512),
            'PS_INVOICE_ID' => mb_substr((string) $told['receipt_uuid'], 0, 250),
            'PS_SUM' => (float) ($told['total'] ?? 0),
            'PS_CURRENCY' => 'RUB',
            'PAY_VOUCHER_NUM' => mb_substr((string) $document, 0, 20),
        ];
        if ($at !== null) {
            $fields['PAY_VOUCHER_DATE'] = Date::createFromPhp($at);
            $fields['PS_RESPONSE_DATE'] = DateTime::createFromPhp($at);
        }

        return $fields;
    }

    /**
     * Чек не напечатан, и это доказано: заказ отмечен проблемным, печать можно заказать снова (сменой статуса).
     *
     * @param array<string, mixed> $told
     *
     * @return array{0: int, 1: array<string, string>}
     */
    private function failed(Order $order, array $told): array
    {
        $reason = 'Касса не напечатала чек: ' . mb_substr((string) ($told['reason'] ?? ''), 0, 180);
        if ($order->getField('REASON_MARKED') === $reason) {
            return [200, ['status' => 'duplicate']];
        }
        $errors = [$order->setField('MARKED', 'Y'), $order->setField('REASON_MARKED', $reason), $order->save()];
        $text = self::errors($errors);

        return $text === '' ? [200, ['status' => 'applied']] : [422, ['code' => 'not_saved', 'message' => $text]];
    }

    /** Названная оплата этого заказа, иначе единственная не с внутреннего счёта. */
    private function payment(Order $order, mixed $paymentId): ?Payment
    {
        $found = [];
        foreach ($order->getPaymentCollection() as $payment) {
            if ($paymentId !== null && (int) $payment->getId() === (int) $paymentId) {
                return $payment;
            }
            if (!$payment->isInner()) {
                $found[] = $payment;
            }
        }

        return $paymentId === null && count($found) === 1 ? $found[0] : null;
    }

    /** @param list<Result> $results */
    private static function errors(array $results): string
    {
        $texts = [];
        foreach ($results as $result) {
            if (!$result->isSuccess()) {
                $texts[] = implode('; ', $result->getErrorMessages());
            }
        }

        return implode('; ', $texts);
    }
}
