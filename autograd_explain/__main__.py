"""`python -m autograd_explain`: the same as the command `autograd-explain`."""

from autograd_explain.cli.main import main

if __name__ == "__main__":
    main()
