#ifndef GATEWAY_CORE_PAGE_H
#define GATEWAY_CORE_PAGE_H
/* SPDX-License-Identifier: MIT
 *
 * page - a snapshot for human eyes: status.html
 *
 * Knows: what a merchant looks for first (is all well? if not: why, and what is to be
 * done), then an admin (figures, the last day, the latest failures and deliveries).
 * Must not know: where the page is kept, and how its figures came about.
 * Promises: valid HTML that stands alone: it loads nothing, holds no script and says so
 * to the browser; whatever names and words come from outside, they come out as text.
 * Readable by keyboard, by screen reader, on a narrow screen, in light and dark, on
 * paper; no sign is made by colour alone. The same snapshot gives the same bytes.
 * Times are those of this server. The page does not reload itself, which would take it
 * from under the eyes of who reads it slowly: it says when it was written, and when it
 * has been open for long.
 * Without a tally (a snapshot that was read from a file) it has neither the last day nor
 * the lists.
 */
struct buf;
struct status;

enum { PAGE_MAX_BYTES = 1024 * 1024 }; /* more than a page of one site can take */

void page_write(struct buf *out, const struct status *status);

#endif
