<?php
// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace OpenSiShop;

use Exception;

/** A request that the shop will not carry out. */
final class Refusal extends Exception
{
}
