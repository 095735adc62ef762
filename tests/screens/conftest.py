"""Pictures are made without a screen, so that they are the same everywhere."""

import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"
