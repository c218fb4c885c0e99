#!/usr/bin/php
<?php
// SPDX-License-Identifier: MIT
//
// What an admin who knows PHP would write: DOMDocument, curl kept alive, inotifywait.
//
//	peer.php [--once] SPOOL URL SCHEMA
//
// One file a request; a file is moved when the shop has answered, and nothing is flushed.

declare(strict_types=1);

const OPEN = 'http://www.opensi.fr';
const FIELDS = OPEN . '/xsd';
const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const KEY = '0123456789abcdef0123456789abcdef';

final class Sender
{
    private CurlHandle $curl;

    public function __construct(
        private string $spool,
        string $url,
        private string $schema,
    ) {
        libxml_use_internal_errors(true);
        $this->curl = curl_init($url);
        curl_setopt_array($this->curl, [
            CURLOPT_POST => true,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_HTTPHEADER => [
                'Content-Type: text/xml; charset=utf-8',
                'SOAPAction: ""',
                'Expect:',
            ],
        ]);
    }

    public function take(string $name): void
    {
        if (!str_ends_with($name, '.xml') || $name[0] === '.') {
            return;
        }
        $path = "$this->spool/incoming/$name";
        $document = new DOMDocument();
        $good = $document->load($path)
            && $document->schemaValidate($this->schema)
            && $this->isDelivered($this->envelopeOf($document));
        libxml_clear_errors();
        rename($path, $this->spool . ($good ? '/sent/' : '/failed/') . $name);
    }

    private function envelopeOf(DOMDocument $document): string
    {
        $envelope = new DOMDocument('1.0', 'UTF-8');
        $root = $envelope->createElementNS(SOAP, 'soapenv:Envelope');
        $envelope->appendChild($root);
        $root->setAttribute('xmlns:open', OPEN);
        $root->setAttribute('xmlns:xsd', FIELDS);
        $header = $root->appendChild($envelope->createElementNS(SOAP, 'soapenv:Header'))
            ->appendChild($envelope->createElementNS(OPEN, 'open:Header'));
        $header->appendChild($envelope->createElementNS(OPEN, 'open:key', KEY));
        $request = $root->appendChild($envelope->createElementNS(SOAP, 'soapenv:Body'))
            ->appendChild($envelope->createElementNS(OPEN, 'open:setCommentsRequest'));
        $request->appendChild(
            $envelope->createElementNS(OPEN, 'open:Website_Code', 'WEB1')
        );
        foreach ($document->documentElement->childNodes as $node) {
            if ($node->localName === 'Comment') {
                $request->appendChild($envelope->importNode($node, true));
            }
        }
        return $envelope->saveXML();
    }

    private function isDelivered(string $envelope): bool
    {
        curl_setopt($this->curl, CURLOPT_POSTFIELDS, $envelope);
        $body = curl_exec($this->curl);
        $answer = new DOMDocument();
        if (!is_string($body) || curl_getinfo($this->curl, CURLINFO_HTTP_CODE) !== 200
            || !$answer->loadXML($body)) {
            return false;
        }
        $codes = $answer->getElementsByTagNameNS(FIELDS, 'Code');
        foreach ($codes as $code) {
            if (!in_array($code->textContent[0], ['1', '2'], true)) {
                return false;
            }
        }
        return $codes->length > 0;
    }
}

$once = $argv[1] === '--once';
[$spool, $url, $schema] = array_slice($argv, -3);
$sender = new Sender($spool, $url, $schema);
$watch = $once ? null : popen(
    'exec inotifywait -qm -e close_write,moved_to --format %f '
        . escapeshellarg("$spool/incoming"),
    'r'
);
foreach (scandir("$spool/incoming") as $name) {
    $sender->take($name);
}
while ($watch && ($line = fgets($watch)) !== false) {
    $sender->take(rtrim($line, "\n"));
}
