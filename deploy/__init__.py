"""What an installation needs beside the program."""
