import os
import urllib2
from twisted.application import service
from buildslave.bot import BuildSlave

basedir = os.path.abspath(os.path.dirname(__file__))
name, password = urllib2.urlopen(
    'http://169.254.169.254/latest/user-data').read().split()[:2]

application = service.Application('buildslave')
slave = BuildSlave('localhost', 9987, name, password, basedir,
                   600, False, umask=None, maxdelay=300)
slave.setServiceParent(application)
