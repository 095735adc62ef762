<?php

declare(strict_types=1);

namespace Posapp;

use Bitrix\Sale\BasketItem;
use Bitrix\Sale\Order;
use Bitrix\Sale\Payment;

/**
 * Заказ в том виде, в каком его ждёт касса: цены с НДС, доставка отдельной строкой, ставка словом.
 *
 * Сумма строк должна дать сумму заказа: иначе касса чек не напечатает и назовёт разницу.
 */
final class OrderPush
{
    /**
     * @param list<int> $cashPaySystems платёжные системы, деньги которых наличные; пусто – по признаку IS_CASH
     *
     * @return array<string, mixed>
     */
    public static function of(Order $order, array $cashPaySystems, string $deliveryVat = 'none'): array
    {
        $items = [];
        foreach ($order->getBasket() as $item) {
            if (!$item->isBundleChild()) {
                $items[] = self::item($item);
            }
        }
        $delivery = (float) $order->getDeliveryPrice();
        if ($delivery > 0) {
            $items[] = [
                'name' => 'Доставка',
                'quantity' => '1',
                'price' => self::money($delivery),
                'vat' => $deliveryVat,
                'service' => true,
            ];
        }
        $properties = $order->getPropertyCollection();
        $email = $properties->getUserEmail();
        $phone = $properties->getPhone();

        return [
            'order_id' => (int) $order->getId(),
            'account_number' => (string) $order->getField('ACCOUNT_NUMBER'),
            'price' => self::money((float) $order->getPrice()),
            'currency' => (string) $order->getCurrency(),
            'items' => $items,
            'payments' => self::payments($order, $cashPaySystems),
            'email' => $email === null ? '' : (string) $email->getValue(),
            'phone' => $phone === null ? '' : (string) $phone->getValue(),
        ];
    }

    /** @return array<string, mixed> */
    private static function item(BasketItem $item): array
    {
        return [
            'name' => (string) $item->getField('NAME'),
            'quantity' => self::number((float) $item->getQuantity()),
            'price' => self::number((float) $item->getPriceWithVat()),
            'vat' => self::vat($item->getField('VAT_RATE')),
        ];
    }

    /** Доля (0.22) → «22»; null и пусто – «без НДС», ноль – ставка 0 %. */
    private static function vat(mixed $rate): string
    {
        return $rate === null || $rate === '' ? 'none' : self::number(round((float) $rate * 100, 2));
    }

    /**
     * @param list<int> $cashPaySystems
     *
     * @return list<array<string, mixed>>
     */
    private static function payments(Order $order, array $cashPaySystems): array
    {
        $found = [];
        foreach ($order->getPaymentCollection() as $payment) {
            if (!$payment->isInner()) {
                $found[] = [
                    'id' => (int) $payment->getId(),
                    'kind' => self::isCash($payment, $cashPaySystems) ? 'cash' : 'card',
                    'sum' => self::money((float) $payment->getSum()),
                ];
            }
        }

        return $found;
    }

    /** @param list<int> $cashPaySystems */
    private static function isCash(Payment $payment, array $cashPaySystems): bool
    {
        if ($cashPaySystems !== []) {
            return in_array((int) $payment->getPaymentSystemId(), $cashPaySystems, true);
        }
        $service = $payment->getPaySystem();

        return $service !== null && $service->getField('IS_CASH') === 'Y';
    }

    private static function money(float $roubles): string
    {
        return number_format($roubles, 2, '.', '');
    }

    /** Число без хвоста нулей и без экспоненты. */
    private static function number(float $value): string
    {
        return rtrim(rtrim(number_format($value, 6, '.', ''), '0'), '.');
    }
}
