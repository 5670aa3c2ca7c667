"""How people sign in: password and second factor by django-allauth, and around it delays, sessions and step-up."""
