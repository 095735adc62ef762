<?php

/**
 * Подключение: require этого файла в /local/php_interface/init.php.
 * Однажды добавьте агента: \CAgent::AddAgent('\\Posapp\\Pusher::agent();', 'sale', 'N', 60);
 */

declare(strict_types=1);

foreach (['Settings', 'Signature', 'Tables', 'OrderPush', 'Pusher', 'Callback'] as $posappPart) {
    require_once __DIR__ . '/' . $posappPart . '.php';
}
unset($posappPart);

// addEventHandler, а не AddEventHandler: только он передаёт обработчику объект Event.
\Bitrix\Main\EventManager::getInstance()->addEventHandler(
    'sale',
    'OnSaleStatusOrderChange',
    ['\\Posapp\\Pusher', 'onStatus']
);
