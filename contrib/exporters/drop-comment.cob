*> SPDX-License-Identifier: MIT
*>
*> Drops one comment into the gateway's incoming/ folder.
*> GnuCOBOL: cobc -x -free drop-comment.cob
*>
*> Values are taken as COBOL fields are: spaces at their end do not count.
identification division.
program-id. drop-comment.

environment division.
configuration section.
special-names.
    *> XML has no way to write control characters other than these three.
    class writable is X"09" X"0A" X"0D" X"20" thru X"FF".

data division.
working-storage section.
*> What the bytes of your values are: "ISO-8859-1" on most systems of some age.
78  data-encoding       value "UTF-8".
78  line-feed           value X"0A".
78  ex-usage            value 64.
78  ex-data-error       value 65.
78  ex-cannot-create    value 73.
78  mode-0640           value 416.
*> A shop keeps 65,535 bytes of a text; one byte more shows that it is too long.
78  value-size          value 65536.

01  argument-count      pic 9(4).
01  incoming            pic x(4096).
01  order-number        pic x(value-size).
01  web-order-number    pic x(value-size).
01  comment-id          pic x(value-size).
01  comment-date        pic x(value-size).
01  send-mail           pic x(value-size).
01  visible             pic x(value-size).
01  comment-text        pic x(value-size).
01  text-size           binary-double value 0.
01  room                binary-double.
01  bytes-read          binary-double value 1.

01  element-name        pic x(18).
01  element-value       pic x(value-size).
01  document            pic x(1048576).
01  document-end        pic 9(9) value 1.

01  now                 pic x(21).
01  process-id          binary-long unsigned.
01  process-digits      pic 9(10).
01  file-name           pic x(64).
01  aside               pic x(4200).
01  final-path          pic x(4200).
01  path                pic x(4200).
01  descriptor          binary-long.
01  file-handle         pic x(4) comp-x.
01  offset              pic x(8) comp-x value 0.
01  byte-count          pic x(4) comp-x.
01  problem             pic x(120).

procedure division.
main.
    accept argument-count from argument-number
    if argument-count not = 7 and not = 8
        perform show-usage
    end-if
    perform read-arguments
    perform write-document
    perform choose-names
    perform drop-document
    goback.

show-usage.
    display "usage: drop-comment INCOMING ORDER WEBORDER COMMENTID DATE"
        " SENDMAIL VISIBLE [TEXT]" upon syserr
    display "without TEXT, the text is read from standard input" upon syserr
    stop run returning ex-usage.

read-arguments.
    accept incoming from argument-value
    accept order-number from argument-value
    accept web-order-number from argument-value
    accept comment-id from argument-value
    accept comment-date from argument-value
    accept send-mail from argument-value
    accept visible from argument-value
    if argument-count = 8
        accept comment-text from argument-value
    else
        perform read-text until bytes-read <= 0 or text-size = value-size
    end-if.

read-text.
    compute room = value-size - text-size
    call "read" using by value 0 by reference comment-text(text-size + 1:)
        by value room returning bytes-read
    if bytes-read > 0
        add bytes-read to text-size
    end-if.

write-document.
    string '<?xml version="1.0" encoding="' data-encoding '"?>' line-feed
        '<open:Comment xmlns:open="http://www.opensi.fr"'
        ' xmlns:xsd="http://www.opensi.fr/xsd">' line-feed
        delimited by size into document with pointer document-end
    move "OrderNumber" to element-name
    move order-number to element-value
    perform write-element
    move "WebOrderNumber" to element-name
    move web-order-number to element-value
    perform write-element
    move "CommentId" to element-name
    move comment-id to element-value
    perform write-element
    move "Comment" to element-name
    move comment-text to element-value
    perform write-element
    move "CommentDate" to element-name
    move comment-date to element-value
    perform write-element
    move "SendMail" to element-name
    move send-mail to element-value
    perform write-element
    move "VisibleForCustomer" to element-name
    move visible to element-value
    perform write-element
    string "</open:Comment>" line-feed
        delimited by size into document with pointer document-end.

*> A bare carriage return would reach the reader as a line feed.
write-element.
    perform check-value
    string "  <xsd:" function trim(element-name) ">"
        function substitute(function trim(element-value trailing)
            "&" "&amp;" "<" "&lt;" ">" "&gt;" X"0D" "&#13;")
        "</xsd:" function trim(element-name) ">" line-feed
        delimited by size into document with pointer document-end
        on overflow
            move "the values are too long" to problem
            perform refuse-value
    end-string.

check-value.
    if element-value is not writable
        string function trim(element-name) " has control characters"
            delimited by size into problem
        perform refuse-value
    end-if
    if element-value(value-size:) not = space
        string function trim(element-name) " is too long" delimited by size into problem
        perform refuse-value
    end-if.

refuse-value.
    display "drop-comment: " function trim(problem) upon syserr
    stop run returning ex-data-error.

*> Hidden, and in the same folder: the gateway overlooks it, and the last step is a
*> rename. Time and process number together are never given twice on one machine.
choose-names.
    move function current-date to now
    call "getpid" returning process-id
    move process-id to process-digits
    string "comment-" now(1:8) "T" now(9:8) "-" process-digits ".xml"
        delimited by size into file-name
    string function trim(incoming trailing) "/." function trim(file-name) ".tmp"
        delimited by size into aside
    string function trim(incoming trailing) "/" function trim(file-name)
        delimited by size into final-path.

drop-document.
    call "CBL_CREATE_FILE" using aside 2 0 0 file-handle
    perform stop-on-failure
    compute byte-count = document-end - 1
    call "CBL_WRITE_FILE" using file-handle offset byte-count 0 document
    perform stop-on-failure
    call "CBL_CLOSE_FILE" using file-handle
    perform stop-on-failure
    move aside to path
    perform open-to-group
    perform flush-path
    call "CBL_RENAME_FILE" using aside final-path
    perform stop-on-failure
    move incoming to path
    perform flush-path.

*> Whatever the umask: the gateway is another user, and reads the file as a member of the
*> folder's group.
open-to-group.
    inspect path replacing trailing spaces by low-values
    call "chmod" using by reference path by value mode-0640 returning return-code
    perform stop-on-failure.

*> COBOL has no word for it: the C library knows how to flush a file or a folder to disk.
flush-path.
    inspect path replacing trailing spaces by low-values
    call "open" using by reference path by value 0 returning descriptor
    call "fsync" using by value descriptor returning return-code
    perform stop-on-failure
    call "close" using by value descriptor.

stop-on-failure.
    if return-code not = 0
        call "CBL_DELETE_FILE" using aside
        display "drop-comment: cannot write " function trim(final-path) upon syserr
        stop run returning ex-cannot-create
    end-if.
