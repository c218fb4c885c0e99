#ifndef GATEWAY_SYSTEM_LANGUAGE_H
#define GATEWAY_SYSTEM_LANGUAGE_H
/* SPDX-License-Identifier: MIT
 *
 * language - which language people are spoken to, and where its sentences are
 *
 * Knows: setlocale(3), the folder of the translations. Must not know: any sentence.
 */

/* "en", "fr", or NULL: as the environment says (LC_ALL, LC_MESSAGES, LANG). Texts come
 * out in UTF-8, whatever the locale is. May be called again. */
void language_set(const char *language);

#endif
