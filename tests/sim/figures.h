#ifndef TESTS_SIM_FIGURES_H
#define TESTS_SIM_FIGURES_H
/* SPDX-License-Identifier: MIT
 *
 * figures - what the policy costs in plain cases, as numbers for people
 */
void figures_print(void);

#endif
