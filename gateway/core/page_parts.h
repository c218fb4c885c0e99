#ifndef GATEWAY_CORE_PAGE_PARTS_H
#define GATEWAY_CORE_PAGE_PARTS_H
/* SPDX-License-Identifier: MIT
 *
 * page_parts - what the files of the page share
 *
 * page.c is the document and each site's state, page_lists.c its figures and lists,
 * page_chart.c the last day, page_text.c how texts become HTML, page_style.c the style
 * sheet. Nobody else includes this. Markup is written by buf_add_text() and
 * buf_add_format() and only ever from our own words; every text goes through
 * page_add_text(), be it from outside or a translation.
 */
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct buf;

extern const char *const page_style[]; /* its parts, then NULL */

/* --- page_text.c --- */

/* Escaped, so that it is text and nothing else; controls and broken bytes become '?'. */
void page_add_text(struct buf *out, const char *text);
void page_say(struct buf *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* <tag>text</tag>; what follows a blank in tag are its attributes. */
void page_add_element(struct buf *out, const char *tag, const char *text);
/* A <time>, with its day unless that is today. */
void page_add_time(struct buf *out, usec_t at, usec_t now);
/* 12 minutes, 3 hours, 2 days: rounded down. */
void page_add_span(struct buf *out, int64_t seconds);

/* --- page_lists.c --- */

/* Four figures for the glance. */
void page_add_tiles(struct buf *out, const struct site_status *site);
/* What else there is to know, each only if there is something. */
void page_add_facts(struct buf *out, const struct site_status *site, usec_t now);
/* Of a site with a tally. */
void page_add_lists(struct buf *out, const struct site_status *site, usec_t now);

/* --- page_chart.c --- */

/* Of a site with a tally. */
void page_add_day(struct buf *out, const struct site_status *site, usec_t now);

#endif
