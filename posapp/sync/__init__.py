"""What leaves the till for the portal, 1C and the OFD, and comes from them."""
