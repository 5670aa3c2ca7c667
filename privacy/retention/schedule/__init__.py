"""What is due and when: retention rules in force, selection, the page of what is due, coming changes; reads only."""
