from alexandria.cli import main

main()
