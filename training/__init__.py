"""How the text encoder that ships was made. Needs PyTorch; the product does not."""
