"""The dossier: one folder that shows an inspector how the office keeps the law, to be read and checked offline."""
