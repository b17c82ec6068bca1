"""What custom vocabulary does: errors on rare words with and without the list, and harm to the rest."""
