/* SPDX-License-Identifier: MIT */
#include "core/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void series_add(struct series *series, const char *order, const char *id)
{
	if (series->count == HOLD_SILENT_REFUSALS)
		return;
	for (unsigned i = 0; i < series->count; i++) {
		if (!strcmp(series->list[i].id, id))
			return;
	}
	series->list[series->count++] = (struct refused){xstrdup(order), xstrdup(id)};
}

void series_end(struct series *series)
{
	for (unsigned i = 0; i < series->count; i++) {
		free(series->list[i].order);
		free(series->list[i].id);
	}
	*series = (struct series){0};
}
