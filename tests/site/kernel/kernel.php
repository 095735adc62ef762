<?php

/**
 * A stand-in for as much of the kernel of «1С-Битрикс: Управление сайтом» as the files in resources/site touch.
 *
 * Orders are JSON in one table, in the database that SITE_DATABASE names; a failing save is asked for by `refuses`.
 */

declare(strict_types=1);

namespace {
    if (!function_exists('mb_substr')) {
        function mb_substr(string $text, int $start, ?int $length = null): string
        {
            return (string) iconv_substr($text, $start, $length ?? PHP_INT_MAX, 'UTF-8');
        }
    }

    final class CEventLog
    {
        /** @param array<string, string> $row */
        public static function Add(array $row): void
        {
            $db = \Bitrix\Main\Application::getConnection();
            $db->queryExecute('CREATE TABLE IF NOT EXISTS event_log (text TEXT)');
            $db->queryExecute("INSERT INTO event_log VALUES ('" . $db->getSqlHelper()->forSql($row['DESCRIPTION']) . "')");
        }
    }

    require_once __DIR__ . '/database.php';
}

namespace Bitrix\Main {
    final class Application
    {
        private static ?DB\Connection $connection = null;

        public static function getConnection(): DB\Connection
        {
            return self::$connection ??= new DB\Connection((string) getenv('SITE_DATABASE'));
        }
    }

    final class Loader
    {
        public static function includeModule(string $module): bool
        {
            return $module === 'sale';
        }
    }

    final class Event
    {
        /** @param array<string, mixed> $parameters */
        public function __construct(private array $parameters)
        {
        }

        public function getParameter(string $name): mixed
        {
            return $this->parameters[$name] ?? null;
        }
    }

    final class EventManager
    {
        private static ?self $instance = null;
        /** @var list<callable> */
        public array $handlers = [];

        public static function getInstance(): self
        {
            return self::$instance ??= new self();
        }

        public function addEventHandler(string $module, string $event, callable $handler): void
        {
            $this->handlers["$module $event"] = $handler;
        }
    }

    final class Result
    {
        /** @param list<string> $messages */
        public function __construct(private array $messages = [])
        {
        }

        public function isSuccess(): bool
        {
            return $this->messages === [];
        }

        /** @return list<string> */
        public function getErrorMessages(): array
        {
            return $this->messages;
        }
    }
}

namespace Bitrix\Main\Type {
    class Date
    {
        final public function __construct(private \DateTimeInterface $at)
        {
        }

        public static function createFromPhp(\DateTimeInterface $at): static
        {
            return new static($at);
        }

        public function __toString(): string
        {
            return $this->at->format($this instanceof DateTime ? 'Y-m-d H:i:s' : 'Y-m-d');
        }
    }

    final class DateTime extends Date
    {
    }
}

namespace Bitrix\Main\Web {
    final class HttpClient
    {
        /** @var array<string, string> */
        private array $headers = [];
        private int $status = 0;

        /** @param array<string, mixed> $options */
        public function __construct(private array $options)
        {
        }

        public function setHeader(string $name, string $value): void
        {
            $this->headers[$name] = $value;
        }

        public function post(string $url, string $body): string|false
        {
            $lines = [];
            foreach ($this->headers as $name => $value) {
                $lines[] = "$name: $value";
            }
            $context = stream_context_create(['http' => [
                'method' => 'POST', 'header' => implode("\r\n", $lines), 'content' => $body, 'ignore_errors' => true,
                'follow_location' => 0, 'timeout' => 10,
            ]]);
            $answer = @file_get_contents($url, false, $context);
            $this->status = preg_match('/ (\d{3})/', $http_response_header[0] ?? '', $found) ? (int) $found[1] : 0;

            return $answer;
        }

        public function getStatus(): int
        {
            return $this->status;
        }
    }
}

namespace Bitrix\Sale {
    use Bitrix\Main\Application;
    use Bitrix\Main\Result;

    final class Service
    {
        /** @param array<string, mixed> $row */
        public function __construct(private array $row)
        {
        }

        public function getField(string $name): mixed
        {
            return $this->row[$name] ?? null;
        }
    }

    final class PropertyValue
    {
        public function __construct(private string $value)
        {
        }

        public function getValue(): string
        {
            return $this->value;
        }
    }

    final class Properties
    {
        /** @param array<string, string> $row */
        public function __construct(private array $row)
        {
        }

        public function getUserEmail(): ?PropertyValue
        {
            return isset($this->row['email']) ? new PropertyValue($this->row['email']) : null;
        }

        public function getPhone(): ?PropertyValue
        {
            return isset($this->row['phone']) ? new PropertyValue($this->row['phone']) : null;
        }
    }

    abstract class Entity
    {
        /** @param array<string, mixed> $row */
        public function __construct(public array &$row)
        {
        }

        public function getId(): int
        {
            return (int) $this->row['ID'];
        }

        public function getField(string $name): mixed
        {
            return $this->row[$name] ?? null;
        }

        public function setField(string $name, mixed $value): Result
        {
            if ($name === ($this->row['refuses'] ?? null)) {
                return new Result(["поле $name не сохраняется"]);
            }
            $this->row[$name] = $value instanceof \Bitrix\Main\Type\Date ? (string) $value : $value;

            return new Result();
        }
    }

    final class BasketItem extends Entity
    {
        public function getQuantity(): float
        {
            return (float) $this->row['QUANTITY'];
        }

        public function getPriceWithVat(): float
        {
            $price = (float) $this->row['PRICE'];

            return $this->row['VAT_INCLUDED'] === 'Y' ? $price : $price * (1 + (float) $this->row['VAT_RATE']);
        }

        public function isBundleChild(): bool
        {
            return (bool) ($this->row['CHILD'] ?? false);
        }
    }

    final class Payment extends Entity
    {
        public function isInner(): bool
        {
            return (bool) ($this->row['INNER'] ?? false);
        }

        public function isPaid(): bool
        {
            return $this->row['PAID'] === 'Y';
        }

        public function getSum(): float
        {
            return (float) $this->row['SUM'];
        }

        public function getPaymentSystemId(): int
        {
            return (int) $this->row['PAY_SYSTEM_ID'];
        }

        public function getPaySystem(): ?Service
        {
            return new Service($this->row['PAY_SYSTEM'] ?? []);
        }

        public function setPaid(string $value): Result
        {
            return $this->setField('PAID', $value);
        }
    }

    final class Order extends Entity
    {
        /** @var list<Payment> */
        private array $payments = [];
        /** @var array<string, mixed> */
        private array $data;

        /** @param array<string, mixed> $data */
        private function make(array $data): void
        {
            $this->data = $data;
            $this->row = &$this->data['order'];
            foreach ($this->data['payments'] as &$payment) {
                $this->payments[] = new Payment($payment);
            }
        }

        public static function load(int $id): ?self
        {
            $found = Application::getConnection()->query("SELECT body FROM orders WHERE id = $id")->fetch();
            if ($found === false) {
                return null;
            }
            $row = [];
            $order = new self($row);
            $order->make(json_decode((string) $found['body'], true));

            return $order;
        }

        /** @return list<BasketItem> */
        public function getBasket(): array
        {
            $found = [];
            foreach ($this->data['basket'] as &$item) {
                $found[] = new BasketItem($item);
            }

            return $found;
        }

        /** @return list<Payment> */
        public function getPaymentCollection(): array
        {
            return $this->payments;
        }

        public function getPropertyCollection(): Properties
        {
            return new Properties($this->data['properties']);
        }

        public function getDeliveryPrice(): float
        {
            return (float) ($this->row['PRICE_DELIVERY'] ?? 0);
        }

        public function getPrice(): float
        {
            return (float) $this->row['PRICE'];
        }

        public function getCurrency(): string
        {
            return 'RUB';
        }

        public function isPaid(): bool
        {
            $paid = array_sum(array_map(static fn (Payment $each): float => $each->isPaid() ? $each->getSum() : 0, $this->payments));

            return $paid >= $this->getPrice();
        }

        public function save(): Result
        {
            $db = Application::getConnection();
            $body = $db->getSqlHelper()->forSql((string) json_encode($this->data, JSON_UNESCAPED_UNICODE));
            $db->queryExecute("UPDATE orders SET body = '$body', saves = saves + 1 WHERE id = " . $this->getId());

            return new Result();
        }
    }
}
