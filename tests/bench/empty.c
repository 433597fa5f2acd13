/* SPDX-License-Identifier: MIT */
/*
 * An object with nothing in it: what preloading as such costs, so that the
 * shim's own cost can be told from it. Nothing may ever be added here.
 */
