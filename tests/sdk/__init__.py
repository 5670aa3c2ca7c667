"""Tests of the packages for other machines (sdk/)."""
