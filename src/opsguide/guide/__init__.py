"""The front end of the compiler: Markdown to sections, blocks and claims."""
