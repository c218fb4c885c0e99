#ifndef GATEWAY_SYSTEM_LANGUAGE_H
#define GATEWAY_SYSTEM_LANGUAGE_H
/* SPDX-License-Identifier: MIT
 *
 * language - which language people are spoken to, and where its sentences are
 *
 * The locale is only asked for its name: none need be installed, and of the C library
 * nothing is changed (names are bytes, numbers have dots, lists are in the order of
 * bytes).
 *
 * The catalogue is looked for in `../locale` of the program's own folder, where `make`
 * puts it, so that a program that was just built, and every test, speaks with its own
 * words and not those of an older one that is installed; then where `make install` puts
 * it. No variable names another: translations are formats, as trusted as the program.
 *
 * Knows: the environment, the folder of the catalogues. Must not know: any sentence.
 */

/* "en", "fr", or NULL: as the environment says (LC_ALL, LC_MESSAGES or LANG, and
 * LANGUAGE). Texts come out in UTF-8. May be called again: the catalogue is opened by the
 * first call, and read when it is wanted, so that a gateway that has confined itself can
 * still change, and one that never spoke French has none of it in memory.
 * -errno if the catalogue cannot be used: then English is spoken. */
int language_set(const char *language);

/* The one in use: "en" or "fr", the same pointer as long as it is the same. */
const char *language_name(void);

#endif
