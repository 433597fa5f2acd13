# SPDX-License-Identifier: MIT
"""Fake servers, one file a family of protocols."""
