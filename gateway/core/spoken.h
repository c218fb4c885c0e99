#ifndef GATEWAY_CORE_SPOKEN_H
#define GATEWAY_CORE_SPOKEN_H
/* SPDX-License-Identifier: MIT
 *
 * spoken - names that programs read, as they are said to people
 *
 * States of comments and reasons of holds. In English they are the same; records, JSON
 * and what goes into a pipe have the names. One that is not known here is said as it is.
 */
const char *spoken(const char *name);

#endif
