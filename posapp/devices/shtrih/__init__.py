"""Штрих-М by its own byte protocol, over serial, USB-VCOM and TCP."""
