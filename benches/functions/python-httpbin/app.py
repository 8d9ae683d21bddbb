"""httpbin, a web application in Flask, behind apig-wsgi."""
from apig_wsgi import make_lambda_handler
from httpbin import app

handler = make_lambda_handler(app)
