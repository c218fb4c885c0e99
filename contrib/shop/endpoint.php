<?php
// SPDX-License-Identifier: MIT
//
// The shop's end of web service SWO-G040: the one address that comments are posted to.
//
// Where a choice was free, it does as real shops do, down to their oddities: a sender
// that gets along with this shop gets along with others.

declare(strict_types=1);

use OpenSiShop\Comments;
use OpenSiShop\Lapses;
use OpenSiShop\Orders;
use OpenSiShop\Service;
use OpenSiShop\Settings;

require_once __DIR__ . '/src/load.php';

function answer(string $body): void
{
    // Shops strip control bytes, and with them the line break behind the declaration. A
    // body of a type that PHP keeps to itself (a form) gets no answer at all.
    $body = preg_replace('/[\x00-\x12\x14-\x1F\x7F]/', '', $body);
    if ($body !== '') {
        header('Content-Type: text/xml; charset=UTF-8');
        header('Content-Length: ' . strlen($body));
        echo $body;
    }
}

/**
 * The shop's own faults are of SOAP 1.2 whatever the request, come with HTTP 200, and
 * their text is not escaped: one with a < or & in it is no well-formed XML.
 */
function answerWithFault(string $text): void
{
    header('Content-Type: text/xml;charset=UTF-8');
    echo '<?xml version="1.0" encoding="UTF-8"?>',
        '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"',
        ' xmlns:ns1="http://www.opensi.fr"><env:Body><env:Fault>',
        '<env:Code><env:Value>ns1:server</env:Value></env:Code>',
        "<env:Reason><env:Text>$text</env:Text></env:Reason>",
        '<env:Detail><ns1:fault/></env:Detail>',
        '</env:Fault></env:Body></env:Envelope>';
}

function soapServer(Settings $settings): SoapServer
{
    // The version counts only where a request does not tell its own, being unreadable.
    $server = new SoapServer($settings->wsdl, [
        'soap_version' => SOAP_1_2,
        'cache_wsdl' => WSDL_CACHE_MEMORY,
    ]);
    $lapses = new Lapses($settings->lapses, $settings->deaths);
    $server->setObject(new Service(
        $settings,
        new Orders($settings->orders),
        new Comments($settings->database, $settings->racy, $settings->pauseMs, $lapses),
        $lapses,
    ));
    return $server;
}

function serve(Settings $settings): void
{
    // A request that SoapServer itself refuses ends the script in there: its fault and
    // its status leave as they are.
    ob_start();
    try {
        soapServer($settings)->handle();
        answer(ob_get_clean());
    } catch (Exception $trouble) {
        ob_end_clean();
        answerWithFault($trouble->getMessage());
    }
}

// To all but POST shops answer 200 and nothing; the description is not handed out.
if ($_SERVER['REQUEST_METHOD'] === 'POST') {
    serve(Settings::fromEnvironment());
}
