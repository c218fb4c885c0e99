/* SPDX-License-Identifier: MIT */
#include "system/language.h"

#include <libintl.h>
#include <locale.h>
#include <stdlib.h>

static const char domain[] = "opensi-gateway";

/* A locale of the language need not be installed: gettext looks at LANGUAGE first, in any
 * locale but the bare "C" (gettext(3)), and C.UTF-8 is always there. */
static void choose(const char *language)
{
	if (setenv("LANGUAGE", language, 1) < 0)
		abort(); /* no memory (setenv(3)) */
	(void)setlocale(LC_MESSAGES, "C.UTF-8");
}

void language_set(const char *language)
{
	/* LC_CTYPE is left alone: names are bytes. LC_NUMERIC too: numbers have dots. */
	if (language)
		choose(language);
	else
		(void)setlocale(LC_MESSAGES, "");
	(void)bindtextdomain(domain, GATEWAY_LOCALE_DIR);
	(void)bind_textdomain_codeset(domain, "UTF-8");
	(void)textdomain(domain);
}
