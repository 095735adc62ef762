<?php

declare(strict_types=1);

namespace Posapp;

/** Настройки из settings.php этого каталога. Чего в них нет или что не подходит, останавливает всё с понятным словом. */
final class Settings
{
    /**
     * @param list<string> $secrets
     * @param list<int> $cashPaySystems
     */
    private function __construct(
        public readonly array $secrets,
        public readonly string $gateway,
        public readonly string $pushStatus,
        public readonly string $finalStatus,
        public readonly array $cashPaySystems,
        public readonly string $deliveryVat
    ) {
    }

    /** @throws \RuntimeException файла нет или секрет короче 32 знаков */
    public static function load(): self
    {
        $file = __DIR__ . '/settings.php';
        $given = is_file($file) ? require $file : null;
        if (!is_array($given)) {
            throw new \RuntimeException('posapp: нет файла settings.php');
        }
        $secrets = array_values(array_filter(
            array_map('strval', (array) ($given['secrets'] ?? [])),
            static fn (string $each): bool => strlen($each) >= 32
        ));
        if ($secrets === []) {
            throw new \RuntimeException('posapp: секрет короче 32 знаков');
        }

        return new self(
            $secrets,
            (string) ($given['gateway'] ?? ''),
            (string) ($given['push_status'] ?? ''),
            (string) ($given['final_status'] ?? ''),
            array_map('intval', (array) ($given['cash_pay_systems'] ?? [])),
            (string) ($given['delivery_vat'] ?? 'none')
        );
    }
}
