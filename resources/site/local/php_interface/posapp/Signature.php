<?php

declare(strict_types=1);

namespace Posapp;

/**
 * Подпись запросов между сайтом и шлюзом posapp: HMAC-SHA256 от «время.nonce.тело».
 *
 * Заголовки: X-Till-Timestamp (секунды с 1970 года), X-Till-Nonce (32 шестнадцатеричных знака, один раз),
 * X-Till-Signature (v1=…). Запрос годен пять минут и один раз.
 */
final class Signature
{
    public const WINDOW_S = 300;

    /** @return array<string, string> заголовки для тела запроса */
    public static function headers(string $secret, string $body, ?int $now = null): array
    {
        $time = (string) ($now ?? time());
        $nonce = bin2hex(random_bytes(16));

        return [
            'X-Till-Timestamp' => $time,
            'X-Till-Nonce' => $nonce,
            'X-Till-Signature' => self::value($secret, $time, $nonce, $body),
        ];
    }

    /**
     * Кто прислал запрос: верна ли подпись одним из секретов и не устарела ли она.
     *
     * @param list<string> $secrets действующий и, пока его меняют, прежний
     */
    public static function isGenuine(
        array $secrets,
        string $time,
        string $nonce,
        string $signature,
        string $body,
        ?int $now = null
    ): bool {
        if (
            preg_match('/^[0-9]{9,11}$/D', $time) !== 1
            || preg_match('/^[0-9a-f]{32}$/D', $nonce) !== 1
            || preg_match('/^v1=[0-9a-f]{64}$/D', $signature) !== 1
            || abs(($now ?? time()) - (int) $time) > self::WINDOW_S
        ) {
            return false;
        }
        $found = false;
        foreach ($secrets as $secret) {
            if (strlen($secret) >= 32 && hash_equals(self::value($secret, $time, $nonce, $body), $signature)) {
                $found = true;
            }
        }

        return $found;
    }

    private static function value(string $secret, string $time, string $nonce, string $body): string
    {
        return 'v1=' . hash_hmac('sha256', $time . '.' . $nonce . '.' . $body, $secret);
    }
}
