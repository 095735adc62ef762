<?php

/** Сюда касса (шлюз posapp) сообщает о чеках. Подпись обязательна; ответ – всегда JSON. */

declare(strict_types=1);

define('NO_KEEP_STATISTIC', true);
define('NOT_CHECK_PERMISSIONS', true);
define('STOP_STATISTICS', true);

require $_SERVER['DOCUMENT_ROOT'] . '/bitrix/modules/main/include/prolog_before.php';
require_once $_SERVER['DOCUMENT_ROOT'] . '/local/php_interface/posapp/include.php';

[$posappStatus, $posappAnswer] = [405, ['code' => 'method']];
if (($_SERVER['REQUEST_METHOD'] ?? '') === 'POST' && \Bitrix\Main\Loader::includeModule('sale')) {
    $posappBody = (string) file_get_contents('php://input', false, null, 0, \Posapp\Callback::BODY_MAX + 1);
    try {
        $posappCallback = new \Posapp\Callback(\Posapp\Settings::load(), time());
        [$posappStatus, $posappAnswer] = $posappCallback->answer([
            'timestamp' => (string) ($_SERVER['HTTP_X_TILL_TIMESTAMP'] ?? ''),
            'nonce' => (string) ($_SERVER['HTTP_X_TILL_NONCE'] ?? ''),
            'signature' => (string) ($_SERVER['HTTP_X_TILL_SIGNATURE'] ?? ''),
        ], $posappBody);
    } catch (\Throwable $posappError) {
        // Касса повторит; текст ошибки ей не показываем.
        error_log('posapp: ' . $posappError->getMessage());
        [$posappStatus, $posappAnswer] = [500, ['code' => 'trouble']];
    }
}
http_response_code($posappStatus);
header('Content-Type: application/json; charset=utf-8');
echo json_encode($posappAnswer, JSON_UNESCAPED_UNICODE);
