"""What is right, measured on real data: each folder is one question and a program that answers it."""
