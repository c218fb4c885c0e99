/* SPDX-License-Identifier: MIT */
#include "top/headline.h"

#include <string.h>

#include "base/buf.h"
#include "base/words.h"
#include "core/spoken.h"
#include "top/pipeline.h"

enum { TOLD_SITES = 3, TIME_BYTES = 64 };

/* Of "2026-11-23 14:32:30 +0100" the hour and the minute. */
static void add_next_try(struct buf *line, const struct moment *now, msec_t at)
{
	auto_buf struct buf time = {.max_bytes = TIME_BYTES};
	if (at == MSEC_NEVER || at <= now->up)
		return;
	times_add_local(&time, now->wall + (at - now->up) * (USEC_SECOND / MSEC_SECOND));
	buf_add_format(line, _(", next try %.5s"), strchr(buf_peek(&time), ' ') + 1);
}

/* "key-refused", as logs have it, in words. */
static void add_words(struct buf *line, const char *name)
{
	for (; *name; name++) {
		if (*name == '-')
			buf_add_char(line, ' ');
		else
			buf_add_char(line, *name);
	}
}

static bool is_well(const struct site *site, const struct schedule_state *state)
{
	return state->hold == HOLD_NONE && !site->trouble.error && !site->is_low_on_space;
}

static void add_site(struct buf *line, const struct site *site,
	const struct schedule_state *state, const struct moment *now)
{
	buf_add_text(line, site->config->name);
	if (site->trouble.error) {
		buf_add_format(
			line, _(" paused: %s"), strerrordesc_np(-site->trouble.error));
		add_next_try(line, now, site->trouble.again);
	} else if (state->hold != HOLD_NONE) {
		buf_add_text(line, _(" held: "));
		add_words(line, spoken(hold_name(state->hold)));
		add_next_try(line, now, state->next_try);
	} else {
		buf_add_text(line, _(" takes no files: the disk is almost full"));
	}
	buf_add_text(line, "; ");
}

void headline_write(struct buf *line, struct site *const *sites, size_t count,
	const struct moment *now)
{
	size_t unwell = 0;
	size_t waiting = 0;
	for (size_t i = 0; i < count; i++) {
		struct schedule_state state;
		schedule_state(sites[i]->schedule, &state);
		waiting += pipeline_waiting(sites[i]);
		if (is_well(sites[i], &state))
			continue;
		if (unwell++ < TOLD_SITES)
			add_site(line, sites[i], &state, now);
	}
	if (unwell > TOLD_SITES)
		buf_add_format(line,
			words_count("%zu more is not well; ", "%zu more are not well; ",
				unwell - TOLD_SITES),
			unwell - TOLD_SITES);
	if (count > unwell)
		buf_add_format(line,
			words_count(
				"%zu site open, ", "%zu sites open, ", count - unwell),
			count - unwell);
	buf_add_format(line, _("%zu waiting"), waiting);
}
