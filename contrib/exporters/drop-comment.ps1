#!/usr/bin/env pwsh
# SPDX-License-Identifier: MIT
#
# Drops one comment into the gateway's incoming/ folder, which for a Windows machine is a
# share that the gateway's machine exports. For PowerShell 7 and Windows PowerShell 5.1,
# called with -File:
#   powershell -File drop-comment.ps1 \\gateway\incoming CC1 1 1 2020-05-01 true true

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$usage = @'
usage: drop-comment.ps1 INCOMING ORDER WEBORDER COMMENTID DATE SENDMAIL VISIBLE [TEXT]
without TEXT, the text is read from standard input
'@

$fieldNamespace = 'http://www.opensi.fr/xsd'
$exUsage, $exDataError, $exCannotCreate = 64, 65, 73

function Stop-Script([int] $status, [string] $message) {
    [Console]::Error.WriteLine($message)
    exit $status
}

function Read-Text {
    $utf8 = [System.Text.UTF8Encoding]::new($false, $true)
    [System.IO.StreamReader]::new([Console]::OpenStandardInput(), $utf8).ReadToEnd()
}

# The writer escapes what must be escaped and throws on what XML has no way to write.
# Entitize: a bare carriage return would reach the reader as a line feed.
function ConvertTo-Document($fields) {
    $settings = [System.Xml.XmlWriterSettings]::new()
    $settings.Encoding = [System.Text.UTF8Encoding]::new($false, $true)
    $settings.Indent = $true
    $settings.NewLineHandling = [System.Xml.NewLineHandling]::Entitize
    $bytes = [System.IO.MemoryStream]::new()
    $writer = [System.Xml.XmlWriter]::Create($bytes, $settings)
    $writer.WriteStartElement('open', 'Comment', 'http://www.opensi.fr')
    $writer.WriteAttributeString(
        'xmlns', 'xsd', 'http://www.w3.org/2000/xmlns/', $fieldNamespace)
    foreach ($name in $fields.Keys) {
        $writer.WriteElementString('xsd', $name, $fieldNamespace, $fields[$name])
    }
    $writer.WriteEndElement()
    $writer.Dispose()
    return , $bytes.ToArray()
}

# .NET moves a file without overwriting by a hard link and a removal; only with
# overwriting is it one rename, which Windows PowerShell 5.1 does in any case.
function Move-File([string] $from, [string] $to) {
    if ($PSVersionTable.PSVersion.Major -ge 7) {
        [System.IO.File]::Move($from, $to, $true)
    } else {
        [System.IO.File]::Move($from, $to)
    }
}

function Add-Drop([string] $incoming, [byte[]] $content) {
    $now = [DateTime]::UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'")
    $name = "comment-$now-$([Guid]::NewGuid().ToString('N')).xml"
    # Hidden, and in the same folder: the gateway overlooks it, and the last step is a
    # rename.
    $aside = [System.IO.Path]::Combine($incoming, ".$name.tmp")
    $file = [System.IO.FileStream]::new($aside, 'CreateNew', 'Write')
    try {
        try {
            $file.Write($content, 0, $content.Length)
            $file.Flush($true)
        } finally {
            $file.Dispose()
        }
        Move-File $aside ([System.IO.Path]::Combine($incoming, $name))
    } catch {
        [System.IO.File]::Delete($aside)
        throw
    }
}

if ($args.Count -notin 7, 8) {
    Stop-Script $exUsage $usage
}
# .NET has a current folder of its own, which is not the shell's.
$paths = $ExecutionContext.SessionState.Path
$incoming = $paths.GetUnresolvedProviderPathFromPSPath($args[0])

try {
    $content = ConvertTo-Document ([ordered]@{
        OrderNumber = $args[1]
        WebOrderNumber = $args[2]
        CommentId = $args[3]
        Comment = if ($args.Count -eq 8) { $args[7] } else { Read-Text }
        CommentDate = $args[4]
        SendMail = $args[5]
        VisibleForCustomer = $args[6]
    })
} catch {
    Stop-Script $exDataError "drop-comment.ps1: $($_.Exception.Message)"
}

try {
    Add-Drop $incoming $content
} catch {
    Stop-Script $exCannotCreate "drop-comment.ps1: $($_.Exception.Message)"
}
